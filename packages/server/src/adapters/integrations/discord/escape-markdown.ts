/** What Discord's markdown and its mentions are made of, each with a backslash before it: https://discord.com/developers/docs/reference#message-formatting */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_~|<>#@:[\]()-]/g, '\\$&');
}
