/** The text as Slack shows it word for word: these three characters begin mentions, links and entities. By https://docs.slack.dev/messaging/formatting-message-text. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
