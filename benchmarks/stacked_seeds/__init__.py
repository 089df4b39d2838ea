"""Seeds trained together beside the same seeds one after another."""
