import { createServer } from 'node:net';
import { rm } from 'node:fs/promises';

// https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md, "fixed newstyle negotiation"; what QEMU uses of it.
const GREETING = Buffer.from('NBDMAGICIHAVEOPT\0\x03', 'latin1');
const OPTION_HEADER_BYTES = 16;
const OPTION_REPLY_MAGIC = 0x3e889045565a9n;
const OPTION = { exportName: 1, abort: 2, info: 6, go: 7 };
const REPLY = { ack: 1, info: 3, unsupported: 0x80000001 };
const REQUEST_HEADER_BYTES = 28;
const REPLY_MAGIC = 0x67446698;
const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3 };
/** HAS_FLAGS and SEND_FLUSH: the guest is told of a write cache. */
const EXPORT_FLAGS = 1 | 4;
const NO_SUCH_COMMAND = 22;

/** Serves a disk to a virtual machine on a unix socket, as a network block device. */
export class NbdServer {
  /** @param disk - with `sizeBytes`, `read`, `write` and `flush`, see `VolatileDisk`. */
  static async listen(disk, path) {
    await rm(path, { force: true });
    const sockets = new Set();
    const server = createServer(socket => {
      sockets.add(socket);
      // A machine that is switched off resets its connection: that is the point.
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      serve(socket, disk).catch(error => socket.destroy(error));
    });
    await new Promise((resolve, reject) => server.once('error', reject).listen(path, resolve));
    return new NbdServer(server, sockets, path);
  }

  constructor(server, sockets, path) {
    this.server = server;
    this.sockets = sockets;
    this.path = path;
  }

  /** Nothing that is still on its way reaches the disk. */
  disconnect() {
    this.sockets.forEach(socket => socket.destroy());
  }

  async close() {
    this.disconnect();
    await new Promise(resolve => this.server.close(resolve));
  }
}

async function serve(socket, disk) {
  const source = new Source(socket);
  socket.write(GREETING);
  await source.take(4);
  if (await negotiate(socket, source, disk)) {
    await answer(socket, source, disk);
  }
  socket.end();
}

/** @returns whether the client wants the disk. */
async function negotiate(socket, source, disk) {
  const size = Buffer.alloc(10);
  size.writeBigUInt64BE(BigInt(disk.sizeBytes), 0);
  size.writeUInt16BE(EXPORT_FLAGS, 8);
  for (;;) {
    const header = await source.take(OPTION_HEADER_BYTES);
    const option = header.readUInt32BE(8);
    await source.take(header.readUInt32BE(12));
    const reply = (kind, data = Buffer.alloc(0)) => {
      const head = Buffer.alloc(20);
      head.writeBigUInt64BE(OPTION_REPLY_MAGIC, 0);
      head.writeUInt32BE(option, 8);
      head.writeUInt32BE(kind, 12);
      head.writeUInt32BE(data.length, 16);
      socket.write(Buffer.concat([head, data]));
    };
    if (option === OPTION.exportName) {
      socket.write(size);
      return true;
    }
    if (option === OPTION.go || option === OPTION.info) {
      // Information of kind 0: size and flags.
      reply(REPLY.info, Buffer.concat([Buffer.alloc(2), size]));
      reply(REPLY.ack);
    } else {
      reply(option === OPTION.abort ? REPLY.ack : REPLY.unsupported);
    }
    if (option === OPTION.go || option === OPTION.abort) {
      return option === OPTION.go;
    }
  }
}

/** Requests are begun in their order, and may end in another one: a read need not wait for a slow flush. */
async function answer(socket, source, disk) {
  for (;;) {
    const header = await source.take(REQUEST_HEADER_BYTES);
    const command = header.readUInt16BE(6);
    const offset = Number(header.readBigUInt64BE(16));
    const length = header.readUInt32BE(24);
    if (command === COMMAND.disconnect) {
      return;
    }
    const data = command === COMMAND.write ? await source.take(length) : null;
    const reply = (bytes, error = 0) => {
      const head = Buffer.alloc(16);
      head.writeUInt32BE(REPLY_MAGIC, 0);
      head.writeUInt32BE(error, 4);
      header.copy(head, 8, 8, 16);
      socket.write(bytes === null ? head : Buffer.concat([head, bytes]));
    };
    if (data !== null) {
      void disk.write(offset, data).then(() => reply(null));
    } else if (command === COMMAND.read) {
      void disk.read(offset, length).then(bytes => reply(bytes));
    } else if (command === COMMAND.flush) {
      void disk.flush().then(() => reply(null));
    } else {
      reply(null, NO_SUCH_COMMAND);
    }
  }
}

/** The bytes of a socket, by their number. */
class Source {
  constructor(socket) {
    this.pieces = socket[Symbol.asyncIterator]();
    this.rest = Buffer.alloc(0);
  }

  /** @throws where the connection ends before. */
  async take(length) {
    const parts = [this.rest];
    for (let have = this.rest.length; have < length;) {
      const { value, done } = await this.pieces.next();
      if (done) {
        throw new Error('the connection ended');
      }
      parts.push(value);
      have += value.length;
    }
    const all = parts.length === 1 ? this.rest : Buffer.concat(parts);
    this.rest = all.subarray(length);
    return Buffer.from(all.subarray(0, length));
  }
}
