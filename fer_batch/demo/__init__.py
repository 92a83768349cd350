"""The demo clip: two real people, made by code, nothing downloaded."""

from fer_batch.demo.clip import write_clip

__all__ = ["write_clip"]
