"""`make lab`: the chapters as notebooks in JupyterLab."""
