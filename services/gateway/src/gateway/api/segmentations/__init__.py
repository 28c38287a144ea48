"""Cut-outs: a garment photo, stored or sent along -> a transparent PNG."""
