# fer-batch in a container, as a user without rights.
#   docker build --target cpu -t fer-batch:cpu .      docker build --target gpu -t fer-batch:gpu .
# Libraries have a layer of their own, by pyproject.toml and constraints.txt: a change of the source
# does not install them again. No stage needs more than what every builder of Docker's understands.

# The wheel. What building needs is a layer too; of the packages that only carry files for
# scripts/vendor_hook.py nothing is run, so that what they require is left out.
FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
COPY pyproject.toml /requirements/
COPY scripts/requirements.py /requirements/scripts/
RUN python /requirements/scripts/requirements.py --build > /requirements/build.txt \
    && pip install --no-compile "$(grep ^hatchling /requirements/build.txt)" \
    && pip install --no-compile --no-deps -r /requirements/build.txt
COPY . .
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && pip install --no-deps --no-compile --prefix /installed /wheels/*.whl

# What every image has, without any library.
FROM python:3.12-slim-bookworm AS bare
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    TF_CPP_MIN_LOG_LEVEL=2 \
    FER_BATCH_CACHE_DIR=/var/cache/fer-batch \
    FER_BATCH_STATE_DIR=/var/lib/fer-batch \
    FER_BATCH_HEARTBEAT=/tmp/fer-batch.alive
RUN groupadd --gid 10001 fer \
    && useradd --uid 10001 --gid 10001 --create-home fer \
    && mkdir -p /var/cache/fer-batch /var/lib/fer-batch \
    && chown 10001:10001 /var/cache/fer-batch /var/lib/fer-batch
WORKDIR /home/fer
# The worker touches this file while it is in order, whether Redis answers or not.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["sh", "-c", "find \"$FER_BATCH_HEARTBEAT\" -mmin -1 | grep -q ."]
STOPSIGNAL SIGTERM
ENTRYPOINT ["fer-batch"]
CMD ["worker"]
COPY pyproject.toml constraints.txt /requirements/
COPY scripts/requirements.py scripts/slim.sh /requirements/scripts/

FROM bare AS cpu-libraries
RUN python /requirements/scripts/requirements.py s3 metrics > /tmp/list.txt \
    && pip install --no-compile -c /requirements/constraints.txt -r /tmp/list.txt \
    && sh /requirements/scripts/slim.sh

FROM cpu-libraries AS cpu
COPY --from=build /installed /usr/local
USER 10001:10001

# Flower reads the workers' own app: its key prefix, its separator, its password from the environment.
FROM cpu-libraries AS flower
RUN pip install --no-compile -c /requirements/constraints.txt "flower>=2.0,<3"
COPY --from=build /installed /usr/local
USER 10001:10001
ENTRYPOINT ["celery", "-A", "workers.app"]
CMD ["flower", "--address=0.0.0.0", "--port=5555"]

# The CUDA libraries come as wheels; the driver comes from the host (NVIDIA container toolkit).
FROM bare AS gpu-libraries
RUN python /requirements/scripts/requirements.py s3 metrics gpu > /tmp/list.txt \
    && pip install --no-compile -c /requirements/constraints.txt -r /tmp/list.txt \
    && sh /requirements/scripts/slim.sh

FROM gpu-libraries AS gpu
COPY --from=build /installed /usr/local
ENV FER_BATCH_DEVICE=gpu \
    TF_FORCE_GPU_ALLOW_GROWTH=true \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility,video
USER 10001:10001
CMD ["worker", "--queues", "analyze", "--device", "gpu"]
