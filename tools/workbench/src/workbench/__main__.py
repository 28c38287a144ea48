"""`python -m workbench`: the command line `proteus`, where its console script is not on the path."""

from proteus_cli.__main__ import main

if __name__ == "__main__":
    main()
