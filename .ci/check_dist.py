"""What a wheel and a source distribution must hold, and what they must not."""

import sys
import tarfile
import zipfile
from pathlib import Path

folder = Path(sys.argv[1])
wheel = next(folder.glob("*.whl"))
names = zipfile.ZipFile(wheel).namelist()
sdist = next(folder.glob("*.tar.gz"))
with tarfile.open(sdist) as archive:
    sources = archive.getnames()

lab = "share/jupyter/labextensions/ml-workbench/package.json"
assert any(n.endswith(lab) for n in names), "the wheel has no JupyterLab extension"
assert any(n.endswith("jupyter_server_config.d/ml-workbench.json") for n in names), (
    "the wheel does not switch the server extension on"
)
assert "workbench/notebooks/tour.ipynb" in names, "the wheel has no notebooks"
for name in ("Dockerfile", "kubernetes.yaml", "main.tf", "alerts.yaml", "dashboard.json"):
    assert f"workbench/packaging/deploy/templates/{name}" in names, f"the wheel has no template of {name}"
assert not [n for n in (*names, *sources) if "node_modules" in n], "node_modules was packed"
# The sources alone are 1.9 MB: what is caught here is a file that should not be in it.
assert wheel.stat().st_size < 2_500_000, f"the wheel has {wheel.stat().st_size:,} bytes"
assert sdist.stat().st_size < 4_000_000, f"the source distribution has {sdist.stat().st_size:,} bytes"
sys.stdout.write(
    f"{wheel.name}: {wheel.stat().st_size:,} bytes, {len(names)} files; {sdist.name}: {sdist.stat().st_size:,} bytes\n"
)
