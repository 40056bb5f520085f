"""Results as layers: named, placed and drawn like their source, with how they were made."""
