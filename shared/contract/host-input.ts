/**
 * What the host script takes and from where: the names that its document, its senders and the script itself share.
 *
 * They stand apart from host-script.ts, which reads files and so cannot go into a Lambda's bundle.
 */

/** Parameters of the SSM document. */
export const HOST_PARAMETERS = { mode: "Mode", changes: "Changes", deadline: "Deadline" } as const;

/** The script's variables: the agent brings a parameter `X` of interpolation type ENV_VAR as `SSM_X`. */
export const HOST_SCRIPT_INPUT = {
  mode: `SSM_${HOST_PARAMETERS.mode}`,
  changes: `SSM_${HOST_PARAMETERS.changes}`,
  deadline: `SSM_${HOST_PARAMETERS.deadline}`,
} as const;

export const HOST_MODES = ["apply", "reconcile", "status", "clear"] as const;
export type HostMode = (typeof HOST_MODES)[number];
