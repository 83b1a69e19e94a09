"""What customers see: the rating page, the card in the chat, unsubscribing; and the demo's chat to try the
card in.
"""
