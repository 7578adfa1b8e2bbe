"""One thin file a family: what its instruments are told and how they answer, as data."""
