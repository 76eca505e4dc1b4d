import { namedSettings } from '../../../src/operations/index-recall/setting.ts';
import { type Unsure, unsure } from '../../../src/operations/index-tune/certainty.ts';
import { settingText } from '../../../src/operations/index-tune/curves.ts';
import type { SweepPoint, TuneResult } from '../../../src/operations/index-tune/result.ts';
import { shareText } from '../sweep-text.ts';
import { moreQueries } from '../tune-tables.ts';
import { type Html, html } from './html.ts';
import { latency } from './numbers.ts';

/** What to do, why, and the SQL that does it. */
export function recommendation(result: TuneResult): Html {
  const { recommendation: best } = result;
  return best ? reached(result, best) : missed(result);
}

function reached(result: TuneResult, best: SweepPoint): Html {
  const { current, k, planned, targetRecall } = result;
  const unchanged = settingText(best) === settingText(current);
  return html`<section class="advice">
<p class="over">Recommendation</p>
<h2>${unchanged ? 'Keep' : 'Search with'} ${settingText(best)}</h2>
<p>It is the cheapest setting whose recall@${k} is at least ${targetRecall} with 95 % confidence.
${unchanged ? 'It is in force already.' : now(result)}</p>
${
  planned
    ? undefined
    : html`<p>But the planner does not use the index for these searches by itself: it was measured with other ways made dear.</p>`
}
${tiles(k, best, unchanged ? undefined : current)}
${unchanged ? undefined : statements(result, best)}
</section>
`;
}

function missed(result: TuneResult): Html {
  const { builds, current, k, sweep, targetRecall, type } = result;
  const doubt = unsure(result);
  if (doubt !== undefined) return doubtful(result, doubt);
  const most = [...sweep, current].reduce((a, b) => (b.recall > a.recall ? b : a));
  return html`<section class="advice none">
<p class="over">Result</p>
<h2>No setting is sure to reach recall ${targetRecall}</h2>
<p>The most is found with ${settingText(most)}. An index ${type === 'hnsw' ? 'that is built with a larger m and ef_construction' : 'of type hnsw'} finds more${
    builds === undefined ? html`: <code>pgv index tune --builds</code> compares some on a sample` : ''
  }.</p>
${tiles(k, most, undefined)}
</section>
`;
}

/** The queries are to blame, and not the index. */
function doubtful(result: TuneResult, doubt: Unsure): Html {
  const { k, targetRecall } = result;
  const { point } = doubt;
  return html`<section class="advice none">
<p class="over">Result</p>
<h2>No setting is sure to reach recall ${targetRecall}</h2>
<p>${settingText(point)} found ${shareText(point.recall)}, but ${point.queries} queries are not enough to be sure of it; ${moreQueries(result, doubt)}.</p>
${tiles(k, point, undefined)}
</section>
`;
}

function now({ current, k, targetRecall }: TuneResult): Html {
  const { recall, recallLow } = current;
  const verdict =
    recall < targetRecall
      ? 'less than the target'
      : recallLow < targetRecall
        ? 'which is not sure to be the target'
        : 'more than was asked for';
  return html`Searches now find ${shareText(recall)} of the ${k} nearest, ${verdict}, in ${latency(current.p50Ms)} (${settingText(current)}).`;
}

function tiles(k: number, best: SweepPoint, current: SweepPoint | undefined): Html {
  const tile = (name: string, value: string, now: string | undefined, note?: string) =>
    html`<div><dt>${name}</dt><dd>${value}${note && html` <small>${note}</small>`}${now && html`<small>now ${now}</small>`}</dd></div>
`;
  const interval = `${shareText(best.recallLow)} to ${shareText(best.recallHigh)}`;
  return html`<dl class="tiles">
${tile(`recall@${k}`, shareText(best.recall), current && shareText(current.recall), interval)}
${tile('latency, p50', latency(best.p50Ms), current && latency(current.p50Ms))}
${tile('latency, p95', latency(best.p95Ms), current && latency(current.p95Ms))}
</dl>`;
}

/** SQL for a session and for a role, and what SQL alone does not say. */
function statements({ type }: TuneResult, best: SweepPoint): Html {
  const settings = Object.entries(namedSettings(type, best, 0));
  const all = (before: string) => settings.map(([name, value]) => `${before} ${name} = ${value};\n`).join('');
  return html`<pre><code>-- in this session
${all('SET')}
-- in every new session of this role: pgvector has to be loaded first
SELECT '[1]'::vector;
${all('ALTER ROLE CURRENT_USER SET')}</code></pre>
${best.rerank === undefined ? undefined : html`<p>With it go ${best.rerank} candidates that are ordered by their exact distance: <code>pgv search --rerank ${best.rerank}</code>.</p>`}`;
}
