"""Downloads one source distribution without running anything that is in it.

`pip download` asks an sdist for its metadata, which executes the package's
own build. So this takes from pip only its settings, its index and its
session, finds the file's link and stores the bytes; run.py checks the hash.
It uses pip's internals and therefore runs in the tools' venv, where pip is pinned.

In: NAME VERSION FILENAME DESTINATION. Out: the file; exit 1 with a reason on stderr.
"""
import os
import sys

from pip._internal.commands.download import DownloadCommand


class Fetch(DownloadCommand):
    def run(self, options, args):
        name, version, filename, destination = args
        session = self.get_default_session(options)
        finder = self._build_package_finder(options=options, session=session)
        links = {c.link.filename: c.link for c in finder.find_all_candidates(name) if str(c.version) == version}
        if filename not in links:
            print(f"the package index has no {filename}", file=sys.stderr)
            return 1
        response = session.get(links[filename].url_without_fragment, headers={"Accept-Encoding": "identity"})
        response.raise_for_status()
        with open(destination + ".part", "wb") as out:
            out.write(response.content)
        os.replace(destination + ".part", destination)
        return 0


if __name__ == "__main__":
    sys.exit(Fetch("download", "").main([*sys.argv[1:], "--quiet", "--no-binary", ":all:"]))
