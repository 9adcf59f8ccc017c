// Starts `symcost lsp` for the programs that are open.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const settings = workspace.getConfiguration("symcost");
  const [command, ...args] = settings.get("command");
  client = new LanguageClient(
    "symcost",
    { command, args },
    {
      documentSelector: [{ language: "symcost" }],
      initializationOptions: { shapes: settings.get("shapes") },
    },
  );
  return client.start();
};

exports.deactivate = () => client?.stop();
