"""A real kernel for a test: takes commands as JSON lines from standard input, answers each with one line."""

import json
import os
import signal
import sys

import nbformat
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient


class Driver:
    """One kernel, and a client that sends it requests."""

    def __init__(self, folder: str, transport: str, encryption: str) -> None:
        self.file = os.path.join(folder, "kernel-1.json")
        self.manager = KernelManager(kernel_name="python3", transport=transport, connection_file=self.file)
        # Older releases of jupyter_client cannot encrypt.
        self.manager.start_kernel(
            **({} if encryption == "disabled" else {"transport_encryption": encryption})
        )
        self.connect()

    def connect(self) -> None:
        """Open the client's channels and wait until the kernel answers."""
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def execute(self, codes: list[str], stop_on_error: bool = True) -> list[str]:
        """Send requests without waiting."""
        return [self.client.execute(code, stop_on_error=stop_on_error) for code in codes]

    def wait(self, ids: list[str]) -> list[str]:
        """Wait for the replies to requests and return what they say."""
        replies: dict[str, str] = {}
        while not all(each in replies for each in ids):
            message = self.client.get_shell_msg(timeout=120)
            replies[message["parent_header"]["msg_id"]] = message["content"]["status"]
        return [replies[each] for each in ids]

    def restart(self) -> None:
        """Restart the kernel, keeping its connection file."""
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self.connect()

    def kill(self) -> None:
        """End the kernel's process without a word."""
        os.kill(self.manager.provisioner.pid, signal.SIGKILL)

    def shutdown(self) -> None:
        """Shut the kernel down; its connection file goes."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def nbclient(self, codes: list[str]) -> list[object]:
        """Execute the same cells as nbclient does, in a kernel of its own. Returns counts and outputs."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in codes])
        NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
        return [[cell.execution_count, cell.outputs] for cell in notebook.cells]


def main() -> None:
    """Serve until standard input ends."""
    driver = Driver(*sys.argv[1:])
    print(json.dumps(driver.file), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(getattr(driver, name)(*arguments)), flush=True)
    driver.manager.shutdown_kernel(now=True)


main()
