"""The stories, told without I/O: generators that yield wishes. The edge carries them; a test drives them by hand."""
