"""The one way in: messages become interactions here, or are answered with what is wrong in them."""
