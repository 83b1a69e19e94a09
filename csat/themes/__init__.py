"""What comments are about: themes, their words in each language, matching, and what stands out."""
