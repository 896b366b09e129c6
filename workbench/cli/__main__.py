"""The command line as a module of its own: what a fork runs as ``workbench``."""

from workbench.cli import main

if __name__ == "__main__":
    main()
