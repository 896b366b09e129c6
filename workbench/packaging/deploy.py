"""Files that put a bundle into a container."""

from __future__ import annotations

from pathlib import Path

from workbench.core.bundle import Bundle
from workbench.core.store import write_text

DOCKERFILE = """# Build from the bundle's folder: docker build -f deploy/Dockerfile -t {name}:{version} .
# Run with a key: docker run -e WORKBENCH_API_KEY=… -p 127.0.0.1:8080:8080 {name}:{version}
FROM python:{python}-slim AS build
COPY requirements.lock /requirements.lock
RUN python -m venv /env && /env/bin/pip install --no-cache-dir --no-deps -r /requirements.lock

FROM python:{python}-slim
RUN useradd --system --uid 10001 --no-create-home scoring && install -d -o scoring /log
COPY --from=build /env /env
COPY --chown=root:root . /bundle
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1
WORKDIR /bundle
USER scoring
EXPOSE 8080
VOLUME /log
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD \\
  ["/env/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/ready', timeout=2)"]
ENTRYPOINT ["/env/bin/python", "-m", "scoring", "--host", "0.0.0.0", "--port", "8080", "--log", "/log"]
"""

COMPOSE = """# docker compose -f deploy/compose.yaml up --build
# Set WORKBENCH_API_KEY first: the service listens beyond its own machine only with a key.
services:
  scoring:
    build:
      context: ..
      dockerfile: deploy/Dockerfile
    image: "{image}:{version}"
    ports:
      - "127.0.0.1:8080:8080"
    environment:
      WORKBENCH_API_KEY: "${{WORKBENCH_API_KEY:?set it to a long random text}}"
    volumes:
      - log:/log
    read_only: true
    tmpfs:
      - /tmp
    cap_drop:
      - ALL
    security_opt:
      - "no-new-privileges:true"
    restart: unless-stopped
volumes:
  log: {{}}
"""

IGNORE = "**/__pycache__\n**/*.pyc\n"


def write_deploy(folder: Path, bundle: Bundle) -> None:
    """Write ``deploy/Dockerfile`` and ``deploy/compose.yaml``: two build stages, no root, a health check."""
    python = ".".join(bundle.lineage["environment"]["python"].split(".")[:2])
    image = bundle.name.lower()
    write_text(folder / "deploy" / "Dockerfile", DOCKERFILE.format(name=image, version=bundle.version, python=python))
    write_text(folder / "deploy" / "Dockerfile.dockerignore", IGNORE)
    write_text(folder / "deploy" / "compose.yaml", COMPOSE.format(image=image, version=bundle.version))
