"""`reconcile` and `python -m reconcile`: Ctrl-C is quiet from the first moment on, also while the program is being loaded."""


def main() -> int:
    """Runs the command line and returns its exit code."""
    try:
        from reconcile import cli

        return cli.main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
