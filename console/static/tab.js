// What a tab keeps by itself: forms that are being filled in, as long as the tab lives and nobody else signs on.
(() => {
  const PREFIX = "zhuhang-unsent ";
  const open = new Map();
  const texts = (sheet) => [...sheet.querySelectorAll(".typed input, .typed textarea")].map((field) => field.value);

  function store(sheet) {
    const form = open.get(sheet.dataset.unsent);
    if (form) sessionStorage.setItem(PREFIX + sheet.dataset.unsent, JSON.stringify({ ...form, texts: texts(sheet) }));
  }

  const unsent = {
    // What was kept under the name, or null.
    read: (name) => sessionStorage.getItem(PREFIX + name),
    // What the form holds besides what is typed; kept at once if something was touched.
    keep: async (name, form, touched) => {
      open.set(name, form);
      await Vue.nextTick();
      const sheet = [...document.querySelectorAll("[data-unsent]")].find((found) => found.dataset.unsent === name);
      if (touched && sheet) store(sheet);
    },
    forget: (name) => {
      open.delete(name);
      sessionStorage.removeItem(PREFIX + name);
    },
    // Forget what others typed in this tab; of everybody where nobody is named.
    only: (owner) =>
      Object.keys(sessionStorage)
        .filter((name) => name.startsWith(PREFIX) && !(owner && name.startsWith(PREFIX + owner + " ")))
        .forEach((name) => sessionStorage.removeItem(name)),
  };
  window.unsent = unsent;

  document.addEventListener("input", (event) => {
    const sheet = event.target.closest?.("[data-unsent]");
    if (sheet) store(sheet);
  });

  // Attempts to connect again come ever more rarely: a person whose network is back, or who comes back to the tab, does
  // not wait for the next of them. While attempts are planned, only a connection that was given up begins anew.
  function reconnect() {
    const socket = window.socket;
    if (!window.did_handshake || socket.connected || !navigator.onLine) return;
    socket.io.opts.query.next_message_id = window.nextMessageId;
    socket.disconnect().connect();
  }
  addEventListener("online", reconnect);
  document.addEventListener("visibilitychange", () => document.hidden || reconnect());
})();
