"""Methods, tasks and options as torch-free data, from which every face is generated."""
