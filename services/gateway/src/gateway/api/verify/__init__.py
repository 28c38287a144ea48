"""What a picture's marks say."""
