import { command, freePort } from '../command.ts';
import { Unavailable } from '../unavailable.ts';
import { settingsFile } from './chroot.ts';
import { isRunning, keeper } from './keeper.ts';
import { localUrl, type OwnServer, type ServerOptions } from './test-server.ts';

const IMAGE = 'pgvector/pgvector:pg17';
/** The image that pgvector's is built on. */
const IMAGE_WITHOUT_PGVECTOR = 'postgres:17';
/** Marks our containers; its value is the process that started them. */
const LABEL = 'pgv-test-owner';

/**
 * Starts a server in a container of its own.
 * @throws Unavailable where no daemon answers, or the image cannot be had
 */
export async function startInDocker(options: ServerOptions, say: (line: string) => void): Promise<OwnServer> {
  await command('docker', ['version', '--format', '{{.Server.Version}}'], { seconds: 10 });
  await removeOrphans();
  const image = options.withoutPgvector ? IMAGE_WITHOUT_PGVECTOR : IMAGE;
  say(`starting ${image} in Docker`);
  const [port, name] = [await freePort(), `pgv-test-${process.pid}-${Math.random().toString(36).slice(2)}`];
  const guard = keeper('docker rm -f -v "$1"', [name]);
  try {
    const flags = ['--detach', '--rm', '--name', name, '--label', `${LABEL}=${process.pid}`, '--shm-size=1g'];
    const where = [
      '--publish',
      `127.0.0.1:${port}:5432`,
      '--user',
      'postgres',
      '--entrypoint',
      'bash',
      image,
    ];
    await command('docker', ['run', ...flags, ...where, '-c', bootScript(options)], { seconds: 300 });
    await untilReady(name);
    const environment = { PGHOST: '127.0.0.1', PGUSER: 'postgres', PGDATABASE: 'postgres' };
    const variables = Object.entries(environment).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    return {
      description: `${image} in Docker, port ${port}`,
      url: localUrl(port),
      socketDirectory: null,
      psql: { command: ['docker', 'exec', '--interactive', ...variables, name, 'psql'], environment: {} },
      stop: () => guard.release(),
    };
  } catch (error) {
    await guard.release();
    throw error;
  }
}

/** What the container runs: a new cluster with the options' files in it, and the server on it. */
function bootScript(options: ServerOptions): string {
  const data = '/tmp/data';
  const hba = [...(options.hba ?? []), 'local all all trust', 'host all all all trust', ''].join('\n');
  const settings = settingsFile({
    ...options.settings,
    listen_addresses: '*',
    unix_socket_directories: '/tmp',
  });
  const files = { ...options.files, 'pg_hba.conf': hba, 'postgresql.auto.conf': settings };
  const lines = Object.entries(files).map(([name, content]) => {
    const encoded = Buffer.from(content).toString('base64');
    return `base64 -d > ${data}/${name} <<< ${encoded}; chmod 600 ${data}/${name}`;
  });
  const initdb = `initdb -D ${data} -A trust -U postgres --no-sync --locale=C.UTF-8 > /dev/null`;
  return ['set -e', initdb, ...lines, `exec postgres -D ${data}`].join('\n');
}

async function untilReady(name: string, attempts = 150): Promise<void> {
  try {
    await command('docker', ['exec', name, 'pg_isready', '-q', '-h', '127.0.0.1']);
  } catch (error) {
    if (attempts === 1) {
      const log = await command('docker', ['logs', '--tail', '8', name]).catch(
        (cause: Error) => cause.message,
      );
      throw new Unavailable(`the server in Docker does not answer: ${log}`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    await untilReady(name, attempts - 1);
  }
}

/** Removes the containers of runs that were killed together with their keepers. */
async function removeOrphans(): Promise<void> {
  const format = `{{.ID}} {{.Label "${LABEL}"}}`;
  const list = await command('docker', ['ps', '--all', '--filter', `label=${LABEL}`, '--format', format]);
  for (const line of list.split('\n').filter(Boolean)) {
    const [id, owner] = line.split(' ');
    if (id !== undefined && !isRunning(Number(owner))) await command('docker', ['rm', '-f', '-v', id]);
  }
}
