// What a command is about: a document, and the name of a flow, test or prompt in it.

import * as vscode from 'vscode';

export interface Target {
  readonly document: vscode.TextDocument;
  /** The name of a declaration; without one, the command chooses or asks. */
  readonly name: string | undefined;
}

/** Commands come from lenses with an address and a name, from menus with a Uri, and from the palette with nothing. */
export async function targetOf(uri: unknown, name: unknown): Promise<Target | undefined> {
  const document = await documentOf(uri);
  if (document?.languageId !== 'flowc') {
    void vscode.window.showErrorMessage('Flow: open a .flow file first; the command is about the file in front.');
    return undefined;
  }
  return { document, name: typeof name === 'string' ? name : undefined };
}

/** Saves the document, since `flowc` reads the disk. False where it could not be saved. */
export async function saved(document: vscode.TextDocument): Promise<boolean> {
  if (document.isUntitled) {
    void vscode.window.showErrorMessage('Flow: save the file first; flowc reads programs from the disk.');
    return false;
  }
  return !document.isDirty || (await document.save());
}

async function documentOf(uri: unknown): Promise<vscode.TextDocument | undefined> {
  if (uri instanceof vscode.Uri) return vscode.workspace.openTextDocument(uri);
  if (typeof uri === 'string') return vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
  const front = vscode.window.activeTextEditor?.document;
  if (front?.languageId === 'flowc') return front;
  // The front may be a panel or another file: one visible program is meant then.
  return vscode.window.visibleTextEditors.find((e) => e.document.languageId === 'flowc')?.document;
}
