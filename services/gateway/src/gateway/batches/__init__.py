"""Batches: many pictures at once, made with what nothing else needs. Made here, fed, ended, and handed out."""
