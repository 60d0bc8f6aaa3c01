import type { TemplateEntry } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { removeNamed } from '../operations/ask-each.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { describeTemplate, formatEntries, formatVersions } from '../templates/format-template.ts';
import { readManifestFile } from '../templates/manifest-file.ts';
import { addWarmCommands } from '../templates/warm-commands.ts';

interface ListOptions extends SelectorOptions {
  readonly quiet?: true;
}

/** `volary template ls|get|create|versions|enable|disable|rm`, and `volary template warm …`. */
export function configureTemplate(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addSelectorOption(command.command('ls').description('list templates, each with its newest version'))
    .option('-q, --quiet', 'names alone')
    .action((options: ListOptions) => list(context, options));
  command
    .command('get')
    .description('show what VMs get from a template')
    .argument('<template>', 'name, or name@version')
    .action(async (ref: string) => {
      const template = await (await connect(context)).templates.get(ref);
      print(context, template, () => describeTemplate(template));
    });
  command
    .command('create')
    .description('install a version of a template from its manifest; prints name@version')
    .argument('<file>', 'the manifest, in YAML or JSON; - reads it from stdin')
    .action((file: string) => create(context, file));
  command
    .command('versions')
    .description('list the versions of a template, newest first')
    .argument('<template>', 'its name')
    .action(async (name: string) => {
      const versions = await (await connect(context)).templates.versions(name);
      print(context, versions, () => formatVersions(versions.items));
    });
  addSwitch(command, context, 'enable', 'let VMs be made from a template');
  addSwitch(command, context, 'disable', 'let no more VMs be made from a template, from now on');
  command
    .command('rm')
    .description('delete templates that no existing VM was made from')
    .argument('<template...>', 'names, with all their versions, or name@version')
    .action((refs: readonly string[]) => remove(context, refs));
  addWarmCommands(command, context);
}

function addSwitch(command: Command, context: Context, verb: 'enable' | 'disable', description: string): void {
  command
    .command(verb)
    .description(description)
    .argument('<template>', 'name, with all its versions, or name@version')
    .action(async (ref: string) => {
      const switched = await (await connect(context)).templates[verb](ref);
      print(context, switched, () => titles(switched.items));
    });
}

async function list(context: Context, { quiet, ...options }: ListOptions): Promise<void> {
  const items: TemplateEntry[] = [];
  for await (const entry of (await connect(context)).templates.listAll(selectorQuery(options))) items.push(entry);
  print(context, { items }, () =>
    quiet === true ? items.map(({ name }) => `${name}\n`).join('') : formatEntries(items),
  );
}

async function create(context: Context, file: string): Promise<void> {
  const manifest = await readManifestFile(context, file);
  const client = await connect(context);
  const operation = await client.templates.create(manifest);
  const ref = operation.subject.name;
  await finishOperation(context, client, operation, { doing: `Installing ${ref}`, done: `${ref} is installed` });
  if (context.globals.json === true) printJson(context, await client.templates.get(ref));
  else context.stdout.write(`${ref}\n`);
}

async function remove(context: Context, refs: readonly string[]): Promise<void> {
  const client = await connect(context);
  const toJson = (items: readonly Title[]) => ({ removed: items.map(titleOf) });
  await removeNamed<Title>(context, refs, (ref) => client.templates.delete(ref), { titleOf, toJson });
}

interface Title {
  readonly name: string;
  readonly version: string;
}

function titleOf({ name, version }: Title): string {
  return `${name}@${version}`;
}

function titles(templates: readonly Title[]): string {
  return templates.map((template) => `${titleOf(template)}\n`).join('');
}

function print(context: Context, value: unknown, forPeople: () => string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(forPeople());
}
