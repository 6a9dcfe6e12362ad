# ep-mock as a container: docs/ci.md has recipes, docs/settings.md what EP_MOCK_… variables there are.
#
# The base may be any image with a Python 3.11 or newer that is found as python3 and can make virtual environments. Both stages have to
# have the same one: the environment refers to its Python.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
# The certificates to trust when packages are fetched, as behind a proxy that inspects; a file that the builder mounts.
ARG PIP_CERT
ENV PIP_CONSTRAINT=/source/requirements-dev.txt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
COPY requirements-dev.txt ./
# pip stays in an environment of its own, so that none of it is in the one that is shipped.
RUN python3 -m venv /pip \
 && /pip/bin/pip install --quiet hatchling \
 && python3 -m venv --without-pip /opt/ep-mock
COPY pyproject.toml README.md LICENSE ./
COPY openapi openapi
COPY fixtures fixtures
COPY src src
# Only wheels: the image has no compiler. The bytecode does not refer to the time of its source, which tools that make images reproducible
# change: out of date, and with nowhere to be written anew, it would make each start several times slower.
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
# Shows that it works, and leaves the bytecode of those parts of the standard library that it uses: the official images come without.
RUN ep-mock demo --speed 0 >/dev/null
ENV PYTHONDONTWRITEBYTECODE=1 \
    EP_MOCK_HOST=0.0.0.0 \
    EP_MOCK_PORT=8080 \
    EP_MOCK_FIXTURES=/etc/ep-mock/fixtures
# A number, so that an orchestrator can tell that it is not root.
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=5s --start-period=10s --retries=5 CMD ["ep-mock", "healthcheck"]
ENTRYPOINT ["ep-mock"]
CMD ["serve"]
