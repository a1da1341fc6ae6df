/**
 * What the Lambdas run on: the one place that ties the runtime's name to what a native addon for it must be.
 *
 * A new runtime is a change of this file alone. The tests hold the ABI to a real Node of that version; what the operating
 * system offers (Amazon Linux 2023) is from its package lists and cannot be asked here.
 */

/** Processors that Lambda offers, by Node's names. */
export type Architecture = "arm64" | "x64";

/** The runtime of every function. */
export const TARGET_RUNTIME = {
  /** Lambda's name of it. */
  name: "nodejs24.x",
  /** esbuild's name of it. */
  esbuild: "node24",
  /** The Node whose headers an addon is compiled with; any of the same major has the same ABI. */
  node: "24.21.0",
  /** NODE_MODULE_VERSION (`process.versions.modules`): an addon for another one does not load. */
  abi: "137",
  /** Newest symbol versions in Amazon Linux 2023: glibc 2.34, and libstdc++ and libgcc of GCC 11. */
  symbols: { GLIBC: "2.34", GLIBCXX: "3.4.29", CXXABI: "1.3.13", GCC: "11.0" },
  /** Shared libraries that the runtime has; an addon that needs another does not load. */
  libraries: /^(libc|libm|libpthread|libdl|librt|libstdc\+\+|libgcc_s|ld-linux-x86-64|ld-linux-aarch64)\.so\.\d+$/,
} as const;
