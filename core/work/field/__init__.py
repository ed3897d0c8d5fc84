"""What a phone takes along into the field (带下去的资料), and what it sends when it comes back."""
