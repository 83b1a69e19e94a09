"""How a person is reached: values in, values out, no rows but the sandbox's outbox."""
