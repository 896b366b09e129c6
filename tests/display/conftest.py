import sys
from pathlib import Path

# The examples lie beside the tests.
sys.path.insert(0, str(Path(__file__).parent))
