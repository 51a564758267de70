// `kubedrill schema`: the JSON Schema by which editors complete and explain scenarios.

import { UnwritableReport, openOutput } from '../../../reporters/output';
import { scenarioSchema } from '../../language/scenario-schema';
import { lexicon } from '../../vocabulary/lexicon';
import type { CommandLine } from '../arguments';
import { UsageError } from '../arguments';
import { EXIT } from '../exit-code';
import type { Command } from '../main';

const line: CommandLine = {
  usage: 'schema [flags]',
  summary: 'Prints the JSON Schema of scenarios (draft 2020-12), for editors.',
  flags: { output: { value: 'FILE', help: 'Write it to this file instead.' } },
  notes: [
    'The package brings the same schema along. Begin a scenario with this line, and an editor',
    'with a YAML language server completes it, explains it and marks what is wrong:',
    '',
    '  # yaml-language-server: $schema=./node_modules/kubedrill/schema/scenario.schema.json',
  ].join('\n'),
};

export const command: Command = {
  line,
  execute(args, io) {
    const [extra] = args.positionals;
    if (extra !== undefined) throw new UsageError(`schema takes no argument, found ${extra}`);
    const text = `${JSON.stringify(scenarioSchema(lexicon), null, 2)}\n`;
    const file = args.value('output');
    try {
      if (file === undefined) io.out.write(text);
      else openOutput(file).write(text);
    } catch (error) {
      if (error instanceof UnwritableReport) throw new UsageError(error.message);
      throw error;
    }
    return EXIT.passed;
  },
};
