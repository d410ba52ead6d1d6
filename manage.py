#!/usr/bin/env python3
"""The door for operators: `python manage.py help` lists the commands."""

import sys

from newsroom import env


def main() -> int:
    """Run one command; errors that an operator can mend are one sentence."""
    env.default("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    from django.core.management import execute_from_command_line

    from newsroom import local

    try:
        local.allow_starting()
        execute_from_command_line(sys.argv)
    except (env.EnvError, local.LocalError) as error:
        print(f"newsroom: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        local.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
