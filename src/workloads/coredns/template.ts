// The template plugin: answers that are written into the configuration.
// source: coredns plugin/template/{template,setup}.go

import { deepFreeze } from '../../values/kube-object';
import { CorefileError } from '../corefile';
import type { Directive } from '../corefile';
import { notModelled, zonesOr } from '../corefile-values';
import { emptyReply, isWithin, normalName, zoneOf } from '../dns-message';
import type { DnsReply, ResourceRecord } from '../dns-message';
import { parseRecord } from '../dns-text';
import { goRegExp } from '../go-regexp';
import type { DnsRequest, Plugin, PluginGround, Serve, Setup } from './plugin';

interface Template {
  readonly type: string;
  readonly zones: readonly string[];
  readonly matches: RegExp[];
  readonly answers: string[];
  readonly authority: string[];
  readonly additional: string[];
  rcode: DnsReply['rcode'];
  asksUpstream: boolean;
  /** Undefined where a name that matches no expression ends in SERVFAIL. */
  fallthrough: readonly string[];
}

interface Match {
  readonly zone: string;
  readonly groups: RegExpExecArray;
}

export const setupTemplate: Setup = (directives, ground) => [
  new TemplatePlugin(
    deepFreeze(directives.map((directive) => readTemplate(directive, ground))),
    ground,
  ),
];

class TemplatePlugin implements Plugin {
  readonly name = 'template';
  private readonly templates: readonly Template[];
  private readonly ground: PluginGround;

  constructor(templates: readonly Template[], ground: PluginGround) {
    this.templates = templates;
    this.ground = ground;
  }

  inFork(ground: PluginGround): TemplatePlugin {
    return new TemplatePlugin(this.templates, ground);
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    const { name, type } = request.question;
    for (const template of this.templates) {
      const zone = zoneOf(name, template.zones);
      if (zone === undefined || (template.type !== 'ANY' && template.type !== type)) continue;
      const groups = firstMatch(template.matches, `${name}.`);
      if (groups !== undefined) return this.answer(request, template, { zone, groups });
      if (!template.fallthrough.some((it) => isWithin(name, it))) return emptyReply('SERVFAIL');
    }
    return next(request);
  }

  private answer(request: DnsRequest, template: Template, match: Match): DnsReply {
    const { rcode, asksUpstream } = template;
    if (rcode === 'SERVFAIL') return emptyReply(rcode);
    const { type } = request.question;
    const write = (texts: readonly string[]) =>
      texts.map((text) => recordFrom(text, request, match));
    const answers = write(template.answers).flatMap((record) => {
      if (!asksUpstream || record.type !== 'CNAME') return [record];
      const question = { name: record.data, type };
      const { depth } = request;
      const reply = this.ground.askSelf({ ...request, question, depth: depth + 1 });
      return [record, ...reply.answers];
    });
    const authority = write(template.authority);
    const additional = write(template.additional);
    return { ...emptyReply(rcode, true), answers, authority, additional };
  }
}

function firstMatch(expressions: readonly RegExp[], name: string): RegExpExecArray | undefined {
  for (const expression of expressions) {
    const groups = expression.exec(name);
    if (groups !== null) return groups;
  }
  return undefined;
}

/** The fields of a template that are modelled: of the question, and of what the name matched. */
const FIELD = new RegExp(
  [
    String.raw`\.(Name|Zone|Type|Class|Remote)`,
    String.raw`\.Group\.(\w+)`,
    String.raw`index\s+\.Match\s+(\d+)`,
    String.raw`index\s+\.Group\s+"(\w+)"`,
  ]
    .map((field) => String.raw`\{\{-?\s*${field}\s*-?\}\}`)
    .join('|'),
  'g',
);

function recordFrom(text: string, request: DnsRequest, { zone, groups }: Match): ResourceRecord {
  const { question, client = '' } = request;
  const fields: Readonly<Record<string, string>> = {
    Name: `${question.name}.`,
    Zone: `${zone}.`,
    Type: question.type,
    Class: 'IN',
    Remote: client,
  };
  const filled = text.replace(
    FIELD,
    (_, field?: string, group?: string, index?: string, name?: string) => {
      if (field !== undefined) return fields[field]!;
      if (index !== undefined) return groups[Number(index)] ?? '';
      return groups.groups?.[group ?? name!] ?? groups[Number(group ?? name)] ?? '';
    },
  );
  return parseRecord(filled, '') ?? { name: question.name, type: 'TXT', ttl: 0, data: filled };
}

function readTemplate(directive: Directive, ground: PluginGround): Template {
  const [qclass = 'IN', type = 'ANY', ...zones] = directive.args;
  if (!['IN', 'ANY'].includes(qclass.toUpperCase())) {
    throw new CorefileError(`template: class ${qclass} is not modelled`, directive.line);
  }
  const template: Template = {
    type: type.toUpperCase(),
    zones: zonesOr(zones, ground.zones),
    matches: [],
    answers: [],
    authority: [],
    additional: [],
    rcode: 'NOERROR',
    asksUpstream: false,
    fallthrough: [],
  };
  for (const option of directive.block) readOption(directive, option, template);
  if (template.matches.length === 0) template.matches.push(/.*/);
  return template;
}

function readOption(directive: Directive, option: Directive, template: Template): void {
  const { name, args, line } = option;
  switch (name) {
    case 'match':
      template.matches.push(...args.map((text) => goRegExp(text, line)));
      return;
    case 'answer':
      template.answers.push(readText(option));
      return;
    case 'authority':
      template.authority.push(readText(option));
      return;
    case 'additional':
      template.additional.push(readText(option));
      return;
    case 'rcode':
      template.rcode = (args[0] ?? '').toUpperCase() as DnsReply['rcode'];
      return;
    case 'upstream':
      template.asksUpstream = true;
      return;
    case 'fallthrough':
      template.fallthrough = args.length === 0 ? [''] : args.map(normalName);
      return;
    default:
      throw notModelled(directive, option);
  }
}

/** Templates with anything but plain fields are not modelled. */
function readText({ args, line }: Directive): string {
  const text = args.join(' ');
  if (text.replace(FIELD, '').includes('{{')) {
    throw new CorefileError(`template: "${text}" is not modelled`, line);
  }
  return text;
}
