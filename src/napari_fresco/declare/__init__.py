"""What methods, tasks and options are, as torch-free data from which every face is generated."""
