# fer-batch in a container, not as root.
#   docker build --target cpu -t fer-batch:cpu .      docker build --target gpu -t fer-batch:gpu .
FROM python:3.12-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    TF_CPP_MIN_LOG_LEVEL=2 \
    FER_BATCH_CACHE_DIR=/var/cache/fer-batch \
    FER_BATCH_STATE_DIR=/var/lib/fer-batch
RUN useradd --system --uid 10001 --create-home fer \
    && mkdir -p /var/cache/fer-batch /var/lib/fer-batch \
    && chown fer:fer /var/cache/fer-batch /var/lib/fer-batch
COPY --from=build /wheels /wheels
WORKDIR /home/fer
# A worker is healthy while Redis has heard of it in the last half minute.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-m", "workers", "--healthy"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["fer-batch"]
CMD ["worker"]

FROM base AS cpu
RUN pip install "$(ls /wheels/fer_batch-*.whl)[s3]" && rm -rf /wheels
USER fer

# Flower reads the workers' own app: its key prefix, its separator, its password from the environment.
FROM cpu AS flower
USER root
RUN pip install "flower>=2.0,<3"
USER fer
ENTRYPOINT ["celery", "-A", "workers.app"]
CMD ["flower", "--address=0.0.0.0", "--port=5555"]

# The CUDA libraries come as wheels; the driver comes from the host (NVIDIA container toolkit).
FROM base AS gpu
RUN pip install "$(ls /wheels/fer_batch-*.whl)[s3,gpu]" && rm -rf /wheels
ENV FER_BATCH_DEVICE=gpu \
    TF_FORCE_GPU_ALLOW_GROWTH=true
USER fer
CMD ["worker", "--queues", "analyze", "--device", "gpu"]
