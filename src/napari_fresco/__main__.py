"""The command line as a module: ``python -m napari_fresco restore IN -o OUT``."""

from .cli import main

if __name__ == '__main__':
    main()
