import { Unavailable } from '../unavailable.ts';
import { startInChroot } from './chroot.ts';
import { startInDocker } from './docker.ts';
import { givenServer } from './given.ts';
import type { OwnServer, ServerOptions } from './test-server.ts';

const toStderr = (line: string): void => {
  process.stderr.write(`test server: ${line}\n`);
};

/**
 * A PostgreSQL 17 with pgvector: the one that PGV_TEST_URL names, else one in Docker, else one unpacked from
 * Debian's packages. Stopped and removed by `stop`, or when this process ends. Options are for a server of our
 * own: somebody else's is left as it is.
 * @param say called with a line before something that takes its time
 * @throws Unavailable with the reason for each way, where none leads to a server
 */
export async function startServer(options: ServerOptions = {}, say = toStderr): Promise<OwnServer> {
  const url = process.env.PGV_TEST_URL;
  if (url) {
    if (Object.keys(options).length === 0) return { ...(await givenServer(url)), stop: async () => {} };
    throw new Unavailable('the server of PGV_TEST_URL is not ours to set up');
  }
  const reasons = ['PGV_TEST_URL is not set'];
  for (const start of [startInDocker, startInChroot]) {
    try {
      return await start(options, say);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      reasons.push(error.message);
    }
  }
  throw new Unavailable(reasons.join('; '));
}
