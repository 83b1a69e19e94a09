// The form that waited while its sender was asked who they are.
document.querySelector("[data-go-on]").submit();
