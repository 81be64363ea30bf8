// Owns: WeChat's accounts for the release check (全网发布检测): five groups of two.

export type TestAccount = { appId: string; userName: string }
export type TestGroup = { officialAccount: TestAccount; miniProgram: TestAccount }

export const TEST_GROUPS: readonly TestGroup[] = [
  {
    officialAccount: { appId: 'wx570bc396a51b8ff8', userName: 'gh_3c884a361561' },
    miniProgram: { appId: 'wxd101a85aa106f53e', userName: 'gh_8dad206e9538' },
  },
  {
    officialAccount: { appId: 'wx9252c5e0bb1836fc', userName: 'gh_c0f28a78b318' },
    miniProgram: { appId: 'wxc39235c15087f6f3', userName: 'gh_905ae9d01059' },
  },
  {
    officialAccount: { appId: 'wx8e1097c5bc82cde9', userName: 'gh_3f222ed8d140' },
    miniProgram: { appId: 'wx7720d01d4b2a4500', userName: 'gh_393666f1fdf4' },
  },
  {
    officialAccount: { appId: 'wx14550af28c71a144', userName: 'gh_26128078e9ab' },
    miniProgram: { appId: 'wx05d483572dcd5d8b', userName: 'gh_39abb5d4e1b7' },
  },
  {
    officialAccount: { appId: 'wxa35b9c23cfe664eb', userName: 'gh_2b3713f184a6' },
    miniProgram: { appId: 'wx5910277cae6fd970', userName: 'gh_7818dcb60240' },
  },
]
