import sys
from pathlib import Path

# The benchmarks and what they share lie beside the tests.
sys.path.insert(0, str(Path(__file__).parent))
