# ep-mock as a container: docs/ci.md has recipes, docs/settings.md lists the EP_MOCK_… variables.
#
# The base can be any image with Python 3.11 or newer as python3 that can make virtual environments. Both stages must have the same base,
# since the environment refers to its Python.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
# A file with certificates to trust while packages are downloaded, for use behind a proxy that inspects TLS. The builder mounts it.
ARG PIP_CERT
ENV PIP_CONSTRAINT=/source/requirements-dev.txt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
COPY requirements-dev.txt ./
# pip has a separate environment, so that it is not in the image.
RUN python3 -m venv /pip \
 && /pip/bin/pip install --quiet hatchling \
 && python3 -m venv --without-pip /opt/ep-mock
COPY pyproject.toml README.md LICENSE ./
COPY openapi openapi
COPY fixtures fixtures
COPY src src
# Only wheels: the image has no compiler. The bytecode does not depend on the times of its sources, which tools that make images reproducible
# change. Otherwise it would be stale, could not be rewritten, and would make each start several times slower.
RUN /pip/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /pip/bin/pip --python /opt/ep-mock/bin/python install --quiet --no-compile --only-binary :all: /wheels/*.whl \
 && /opt/ep-mock/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/ep-mock/lib \
 && mkdir -p /rootfs/etc/ep-mock/fixtures


FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="ep-mock" \
      org.opencontainers.image.description="A local, in-memory double of the Elastic Path promotions API and its asynchronous promotion jobs" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /rootfs /
COPY --from=build /opt/ep-mock /opt/ep-mock
ENV PATH=/opt/ep-mock/bin:$PATH
# Checks that it works, and writes the bytecode of the used standard library, which the official images do not have.
RUN ep-mock demo --speed 0 >/dev/null
ENV PYTHONDONTWRITEBYTECODE=1 \
    EP_MOCK_HOST=0.0.0.0 \
    EP_MOCK_PORT=8080 \
    EP_MOCK_FIXTURES=/etc/ep-mock/fixtures
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=5s --start-period=10s --retries=5 CMD ["ep-mock", "healthcheck"]
ENTRYPOINT ["ep-mock"]
CMD ["serve"]
