"""The one-time setup: questions, answers, and the configuration that comes of them."""
