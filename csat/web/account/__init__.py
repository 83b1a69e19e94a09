"""Who somebody is: login, password, second factor and sessions, by django-allauth in our words and limits."""
