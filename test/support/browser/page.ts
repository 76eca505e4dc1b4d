import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from './chromium.ts';

export interface View {
  width: number;
  height: number;
  scheme: 'light' | 'dark';
  /** As on paper. */
  print?: boolean;
}

/** Where something is on a page, in pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A page that is open in a browser of its own tab. */
export interface Page {
  /** What an expression comes to in the page; a promise is waited for. */
  evaluate<T>(expression: string): Promise<T>;
  show(view: View): Promise<void>;
  pointAt(x: number, y: number): Promise<void>;
  /** A PNG of a part of the page, in base64. */
  screenshot(part: Box): Promise<string>;
  /** What the console said, and what went wrong, so far. */
  complaints(): readonly string[];
  /** The addresses of all that was asked for, so far. */
  requests(): readonly string[];
}

/** Writes a page to a file and opens that. */
export async function openPage({ devTools, folder, urlOf }: Browser, html: string): Promise<Page> {
  const name = `${crypto.randomUUID()}.html`;
  await writeFile(path.join(folder, name), html);
  const { targetId } = await devTools.send<{ targetId: string }>('Target.createTarget', {
    url: 'about:blank',
  });
  const attached = { targetId, flatten: true };
  const { sessionId } = await devTools.send<{ sessionId: string }>('Target.attachToTarget', attached);
  const send = <T>(method: string, params: object = {}) => devTools.send<T>(method, params, sessionId);

  const complaints: string[] = [];
  const requests: string[] = [];
  const loaded = new Promise<void>((resolve) => {
    devTools.listen((event) => {
      if (event.sessionId !== sessionId) return;
      const { method, params } = event;
      if (method === 'Page.loadEventFired') resolve();
      if (method === 'Network.requestWillBeSent') requests.push((params.request as { url: string }).url);
      if (/^(Runtime\.(consoleAPICalled|exceptionThrown)|Log\.entryAdded)$/.test(method)) {
        complaints.push(JSON.stringify(params));
      }
    });
  });
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  await send('Page.navigate', { url: urlOf(name) });
  await loaded;

  return {
    evaluate: async <T>(expression: string) => {
      const answer = await send<{ result: { value: T }; exceptionDetails?: unknown }>('Runtime.evaluate', {
        expression,
        awaitPromise: true,
        returnByValue: true,
      });
      if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails));
      return answer.result.value;
    },
    show: async ({ width, height, scheme, print }) => {
      await send('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: false,
      });
      await send('Emulation.setEmulatedMedia', {
        media: print ? 'print' : 'screen',
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
    },
    pointAt: async (x, y) => {
      await send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
    },
    screenshot: async (part) => {
      const options = { format: 'png', captureBeyondViewport: true, clip: { ...part, scale: 1 } };
      return (await send<{ data: string }>('Page.captureScreenshot', options)).data;
    },
    complaints: () => complaints,
    requests: () => requests,
  };
}
