// What the DNS server, the resolvers and the kubelet's files answer of the domain `dns`.

import { admit } from './admission';
import { hostsFile, resolvConf } from './dns-files';
import { lookup } from './dns-lookup';
import { told } from './dns-records';
import type { ExpectedReply } from './dns-records';
import { DnsVectorWorld } from './dns-world';
import type { DnsQuestion } from './dns-world';
import { agrees, kindOf } from './vector-file';
import type { Answer, Question } from './vector-file';

/** How each kind of question is answered, by the field that tells it. */
const ANSWERS: Readonly<Record<string, (question: Question) => Answer>> = {
  sequence,
  lookup,
  resolvConf,
  hostsFile,
  admit,
  name: one,
};

export function answerDns(question: Question): Answer {
  return ANSWERS[kindOf(question, Object.keys(ANSWERS))]!(question);
}

function one(question: Question): Answer {
  const ask = question.ask as unknown as DnsQuestion;
  const reply = new DnsVectorWorld(question).ask(ask);
  return { is: told(reply, question.expect, ask.name) };
}

function sequence(question: Question): Answer {
  const world = new DnsVectorWorld(question);
  const asked = question.ask['sequence'] as readonly (DnsQuestion & { readonly at: number })[];
  const expected = (question.expect['sequence'] ?? []) as readonly ExpectedReply[];
  const steps = asked.map((ask, index) => {
    const reply = world.ask(ask, ask.at);
    const is = told(reply, expected[index] ?? {}, ask.name);
    return { ...is, upstreamQueries: world.upstreamQueries };
  });
  // Lists are sets, but the steps of a sequence have their order.
  const isInOrder = steps.every((step, index) => agrees(step, expected[index] ?? {}));
  return { is: { sequence: isInOrder ? steps : ['steps', ...steps] } };
}
